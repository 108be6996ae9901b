/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/rollout.h"

struct Rollout {
        size_t n;    /* names */
        size_t next; /* wave */
        char** names;
        size_t ends[_ROLE_MAX]; /* of each wave: the index behind its last name */
};

Rollout* rollout_new(const Registry* registry, RolloutDirection direction) {
        Rollout* rollout = xnew0(Rollout);

        rollout->names = xcalloc(registry->n, sizeof(char*));
        for (Role i = 0; i < _ROLE_MAX; i++) {
                Role role = direction == ROLLOUT_START ? i : _ROLE_MAX - 1 - i;

                REGISTRY_FOREACH(node, registry)
                        if (node->spec->role == role)
                                rollout->names[rollout->n++] = xstrdup(node->name);
                rollout->ends[i] = rollout->n;
        }
        return rollout;
}

Rollout* rollout_free(Rollout* rollout) {
        if (!rollout)
                return NULL;

        for (size_t i = 0; i < rollout->n; i++)
                free(rollout->names[i]);
        free(rollout->names);
        free(rollout);
        return NULL;
}

char* const* rollout_next_wave(Rollout* rollout, size_t* ret_n) {
        for (; rollout->next < _ROLE_MAX; rollout->next++) {
                size_t begin = rollout->next > 0 ? rollout->ends[rollout->next - 1] : 0;
                size_t end = rollout->ends[rollout->next];

                if (end > begin) {
                        rollout->next++;
                        *ret_n = end - begin;
                        return rollout->names + begin;
                }
        }
        *ret_n = 0;
        return NULL;
}
