import type { CoreOptions } from '../../src/core/core-options.js';

/** Of a core that is made quickly. */
export const SMALL_CORE: CoreOptions;
