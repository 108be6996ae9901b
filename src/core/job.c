/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/job.h"

static const char* const node_origin_table[_NODE_ORIGIN_MAX] = {
        [NODE_RUNTIME] = "runtime",
        [NODE_STATIC] = "static",
};

DEFINE_ENUM_TABLE(node_origin, NodeOrigin)

Job* job_new(JobType type, void* userdata) {
        Job* job = xnew0(Job);

        job->type = type;
        job->userdata = userdata;
        return job;
}

Job* job_free(Job* job) {
        if (!job)
                return NULL;
        node_spec_unref(job->spec);
        free(job);
        return NULL;
}
