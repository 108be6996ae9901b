/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/effects.h"

Effect* effects_add(Effects* effects, EffectType type, int number) {
        GROW(effects->items, effects->n, effects->allocated);
        effects->items[effects->n] = (Effect) { .type = type, .number = number };
        return &effects->items[effects->n++];
}

void effects_done(Effects* effects) {
        for (size_t i = 0; i < effects->n; i++)
                free(effects->items[i].text);
        free(effects->items);
        *effects = (Effects) {};
}
