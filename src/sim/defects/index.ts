/** Known kinds of defect, planted one at a time to see whether the simulator finds them. */
import { CHART_DEFECTS } from './charts.ts';
import { FLEET_DEFECTS } from './fleet.ts';
import { RUNTIME_DEFECTS } from './runtime.ts';
import type { Defect } from './seams.ts';

export type { Defect, Seams } from './seams.ts';

export const DEFECTS: readonly Defect[] = [...RUNTIME_DEFECTS, ...CHART_DEFECTS, ...FLEET_DEFECTS];
