# SPDX-License-Identifier: BSD-3-Clause

##! What Zeek's own supervisor tells its nodes by Supervisor::node(), for nodes of zeek-supervisor. Load it where it is needed:
##! @load zeek-supervisor/node
##!
##! Who the node is, is known at once. Its whole configuration is in a file, and Zeek reads files while it runs: so it comes as
##! an event, once, soon after zeek_init().

@load base/frameworks/input
@load base/frameworks/supervisor

module ZeekSupervisor;

export {
	## Is this a node of zeek-supervisor?
	global is_supervised: function(): bool;

	## The name of this node; "" where there is none.
	global node_name: function(): string;

	## The configuration of this node as JSON: in the form of Supervisor::NodeConfig, and with the keys of zeek-supervisor.
	global node_json: event(text: string);

@ifdef ( from_json )
	## The same, from a Zeek on that reads JSON.
	global node: event(config: Supervisor::NodeConfig);
@endif
}

const config_file = getenv("ZEEK_SUPERVISOR_NODE_CONFIG");

type Line: record {
	s: string;
};

function is_supervised(): bool
	{
	return config_file != "";
	}

# DIRECTORY/NAME.json
function node_name(): string
	{
	return sub(sub(config_file, /^.*\//, ""), /\.json$/, "");
	}

event ZeekSupervisor::line(description: Input::EventDescription, tpe: Input::Event, s: string)
	{
	event ZeekSupervisor::node_json(s);
	}

@ifdef ( from_json )
event ZeekSupervisor::node_json(text: string)
	{
	local result = from_json(text, Supervisor::NodeConfig);

	if ( result$valid )
		event ZeekSupervisor::node(result$v as Supervisor::NodeConfig);
	else
		Reporter::warning(fmt("%s cannot be read as a Supervisor::NodeConfig", config_file));
	}
@endif

event zeek_init()
	{
	if ( is_supervised() )
		Input::add_event([$source=config_file, $name="zeek-supervisor-node", $reader=Input::READER_RAW,
		                  $fields=Line, $ev=ZeekSupervisor::line, $want_record=F]);
	}
