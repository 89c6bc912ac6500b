/** The direction of imports: which folder may import which, and which packages are used where. */
import { importsOf, type Source } from './source-text.js';

/** Folders, or single files, that a folder may import. Deterministic ones stay clear of threads, files, sockets and clocks. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/core': ['src/base'],
  'src/wire': ['src/base', 'src/core'],
  'src/engine': ['src/base', 'src/core', 'src/wire', 'src/ring'],
  'src/ring': ['src/base', 'src/wire/slot.ts'],
  'src/runtime': ['src/base', 'src/ring'],
  journal: ['src/base', 'src/core', 'src/wire'],
  replay: ['src/base', 'src/core', 'src/wire', 'src/engine', 'src/ring', 'journal'],
  'src/gateway': ['src/base', 'src/core', 'src/wire', 'src/ring', 'src/runtime', 'src/publish'],
  'src/publish': ['src/base', 'src/core', 'src/wire', 'src/ring', 'src/runtime'],
  'src/replication': ['src/base', 'src/core', 'src/wire', 'src/ring', 'src/runtime', 'journal'],
  'src/client': ['src/base', 'src/wire', 'src/core/codes.ts'],
  'src/node': [
    'src/base',
    'src/core',
    'src/wire',
    'src/engine',
    'src/ring',
    'src/runtime',
    'src/gateway',
    'src/publish',
    'src/replication',
    'journal',
    'replay',
  ],
  'src/cli': [
    'src/base',
    'src/core',
    'src/wire',
    'src/engine',
    'src/ring',
    'src/runtime',
    'src/gateway',
    'src/publish',
    'src/replication',
    'src/client',
    'src/node',
    'journal',
    'replay',
    'bench',
  ],
  bench: [
    'src/base',
    'src/core',
    'src/wire',
    'src/engine',
    'src/ring',
    'src/runtime',
    'src/gateway',
    'src/publish',
    'src/replication',
    'src/client',
    'src/node',
    'src/cli',
    'journal',
    'replay',
  ],
};

/** Where each package may be imported; a package that is not named here is used nowhere but in the command line. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  koffi: ['journal'],
  ws: ['src/gateway', 'src/cli', 'bench'],
  msgpackr: ['src/wire'],
  pino: ['src/gateway', 'src/node', 'src/cli'],
  commander: ['src/cli'],
  'hdr-histogram-js': ['src/cli', 'bench'],
  tinybench: ['bench'],
};

/** Folders that run anywhere, also in a browser: no node modules. */
const PURE_FOLDERS = ['src/base', 'src/core', 'src/wire', 'src/engine', 'src/ring', 'src/client'];

/** The folder that a path belongs to, as named in FOLDERS. */
export function folderOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'src' ? `${parts[0]}/${parts[1]}` : parts[0]!;
}

/** A sentence for each import that goes against the direction. */
export function layeringFaults(sources: readonly Source[]): string[] {
  const faults: string[] = [];
  for (const source of sources) {
    const folder = folderOf(source.path);
    const allowed = FOLDERS[folder];
    if (allowed === undefined) {
      faults.push(`${source.path}: the folder ${folder} has no place in the architecture`);
      continue;
    }
    for (const { specifier, path } of importsOf(source)) {
      if (path !== undefined) {
        const target = folderOf(path);
        if (target !== folder && !allowed.includes(target) && !allowed.includes(path)) {
          faults.push(`${source.path}: ${folder} must not import ${target} (${specifier})`);
        }
      } else if (specifier.startsWith('node:')) {
        if (PURE_FOLDERS.includes(folder))
          faults.push(`${source.path}: ${folder} must not import ${specifier}`);
      } else {
        const name = specifier.split('/')[0]!;
        if (!(PACKAGES[name] ?? []).includes(folder)) {
          faults.push(`${source.path}: ${folder} must not import the package ${specifier}`);
        }
      }
    }
  }
  return faults;
}

/** A line for each cycle among the files' imports, type-only imports left out. */
export function importCycles(sources: readonly Source[]): string[] {
  const edges = new Map<string, string[]>();
  for (const source of sources) {
    const targets = importsOf(source).filter((one) => one.path !== undefined && !one.typeOnly);
    edges.set(
      source.path,
      targets.map((one) => one.path!),
    );
  }
  const cycles: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  function visit(path: string, trail: readonly string[]): void {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    state.set(path, 'open');
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  }
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

/** Every file that is loaded, directly or not, when one of `entries` is, type-only imports left out. */
export function loadedBy(sources: readonly Source[], entries: readonly string[]): Source[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const loaded = new Map<string, Source>();
  const pending = [...entries];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const source = byPath.get(path);
    if (source === undefined || loaded.has(path)) continue;
    loaded.set(path, source);
    for (const one of importsOf(source)) {
      if (one.path !== undefined && !one.typeOnly) pending.push(one.path);
    }
  }
  return [...loaded.values()];
}
