/* SPDX-License-Identifier: MIT */
/* What an executable is: filled in by the build, one object per executable. */
#include "runtime/gil/variant.h"

const struct gil_variant gil_variant = {
	.name = VARIANT_NAME,
	.policy = VARIANT_POLICY,
	.mode = VARIANT_MODE,
	.system = VARIANT_SYSTEM,
	.slice_ns = VARIANT_SLICE_NS,
	.slice_count = VARIANT_SLICE_COUNT,
	.tick = VARIANT_TICK,
	.own_slice = VARIANT_OWN_SLICE,
	.in_default = VARIANT_IN_DEFAULT,
	.bare = VARIANT_BARE,
};
