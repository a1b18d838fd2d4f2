/** What happens on a machine: engines, worlds, ports. */
export { type Detection, detectDocker } from './docker/detect.ts';
export { createDockerEngine, type DockerEngineOptions } from './docker/engine.ts';
export { errors } from './errors.ts';
export { createLocalLink } from './local-link.ts';
export { createLocalNode, type LocalNodeOptions } from './local-node.ts';
export { worldsIn } from './manifest.ts';
export { type SimulatedDisk, simulatedDisk } from './simulated/disk.ts';
export { createSimulatedEngine, type SimulatedEngine } from './simulated/engine.ts';
export { SIMULATED_DEFAULTS, type SimulatedControls, type SimulatedSettings } from './simulated/machine.ts';
export {
  gameProgram,
  type SimulatedPorts,
  type SimulatedProcess,
  type SimulatedProgram,
  type StartProgram,
} from './simulated/program.ts';
export { saveWorldToDisk } from './simulated/world.ts';
export { createSshNode, type SshNode, type SshNodeOptions } from './ssh/node.ts';
export { createWorlds } from './worlds.ts';
