/** Packing items on as few machines as possible, with a proof of how few those can be. */
export { lowerBound, volumeBound } from './bounds.ts';
export {
  bestFit,
  bestFitDecreasing,
  dotProduct,
  firstFit,
  firstFitDecreasing,
  type Heuristic,
  shortestRest,
} from './heuristics.ts';
export { cutMachines, type Instance, type Packing, type Random, type Size, triplets, uniform } from './instance.ts';
