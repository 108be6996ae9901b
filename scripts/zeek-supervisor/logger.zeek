# SPDX-License-Identifier: BSD-3-Clause

##! What the node that writes the logs of a cluster needs, because it is not Zeek's own supervisor that runs it: rotated logs go
##! into a queue, under names that zeek-archiver understands, those of a crashed predecessor too, and nobody looks for
##! ZeekControl's archive-log. zeek-supervisor loads this before all other scripts but the cluster backend's, so that local.zeek
##! can redefine it. A standalone node of node.cfg loads it too, for ZeekControl rotates its logs, and Zeek by itself does not.

@load base/frameworks/logging
@load base/frameworks/cluster
@load base/frameworks/cluster/nodes/logger

# Loggers have this interval from Zeek already; without one nothing is rotated.
redef Log::default_rotation_interval = 1 hrs;
redef Log::default_rotation_postprocessor_cmd = "";
redef LogAscii::enable_leftover_log_rotation = T;

@if ( getenv("ZEEK_SUPERVISOR_LOG_QUEUE") != "" )
redef Log::default_rotation_dir = getenv("ZEEK_SUPERVISOR_LOG_QUEUE");
@else
redef Log::default_rotation_dir = "log-queue";
@endif

# Newer Zeeks bring the function along for everybody, and have it say which of several loggers it was; older ones keep it to
# nodes of their own supervisor.
@ifdef ( archiver_rotation_format_func )

redef Log::rotation_format_func = archiver_rotation_format_func;

@else

function supervisor_archiver_rotation_format_func(ri: Log::RotationFmtInfo): Log::RotationPath
	{
	local open_str = strftime(Log::default_rotation_date_format, ri$open);
	local close_str = strftime(Log::default_rotation_date_format, ri$close);
	return Log::RotationPath($file_basename=fmt("%s__%s__%s__", ri$path, open_str, close_str));
	}

redef Log::rotation_format_func = supervisor_archiver_rotation_format_func;

@endif
