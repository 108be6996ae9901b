/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/prospect.h"

Prospect node_prospect(const Node* node) {
        Prospect p = {};
        Job* job;

        /* a Destroy that a former daemon began has no job */
        if (node->phase != PHASE_VOID && node->outcome != OUTCOME_FORGET)
                p = (Prospect) { true, node->origin, node->spec, NULL };
        if (node->job && node->job->type == JOB_DESTROY)
                p = (Prospect) {};
        TAILQ_FOREACH(job, &node->jobs, queue)
                if (job->type == JOB_DESTROY)
                        p = (Prospect) {};
                else if (job->type == JOB_CREATE && !p.exists)
                        p = (Prospect) { true, job->origin, job->spec, job };
        return p;
}

void node_change(Node* node, NodeSpec* spec, const NodePolicy* policy, NodeOrigin origin) {
        Prospect p = node_prospect(node);
        NodeSpec** at = p.create ? &p.create->spec : &node->spec;

        assert(p.exists);
        (void) node_spec_ref(spec);
        node_spec_unref(*at);
        *at = spec;
        *(p.create ? &p.create->policy : &node->policy) = *policy;
        *(p.create ? &p.create->origin : &node->origin) = origin;
}
