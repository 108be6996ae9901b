/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child may be asked for, at most. */

#define CHILDREN_MAX 1024U /* at a time */

/* An order. The supervisor checks it long before; these keep a broken one from hurting us. */
#define ORDER_ARGUMENTS_MAX 4096U
#define ORDER_ENVIRONMENT_MAX 4096U
#define ORDER_STRING_MAX (128U * 1024U - 1U) /* the kernel's MAX_ARG_STRLEN */
#define ORDER_STRINGS_SIZE_MAX (1024U * 1024U)
#define ORDER_SCOPE_PROPERTIES_MAX 128U
#define ORDER_SCOPE_NAME_MAX 255U /* systemd's UNIT_NAME_MAX */
#define ORDER_GROUPS_MAX 1024U
#define ORDER_CPU_MASK_MAX 1024U /* bytes: 8192 CPUs, the kernel's NR_CPUS */
#define ORDER_SYSTEM_CALLS_MAX 1024U
#define ORDER_SYSTEM_CALL_NAME_MAX 64U
#define ORDER_ARCHITECTURES_MAX 16U
#define CHILD_ORDER_SIZE (4U * 1024U * 1024U) /* bytes: for all that a child is told */
