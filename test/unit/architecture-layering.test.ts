import { describe, expect, it } from 'vitest';
import { importCycles, layeringFaults, loadedBy } from '../support/architecture/layering.js';
import { importsOf, readSources, type Source } from '../support/architecture/source-text.js';

const sources = readSources('src', 'journal', 'replay', 'bench');

function planted(path: string, text: string): Source[] {
  return [{ path, text }];
}

describe('the layers', () => {
  it('import in one direction only', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(layeringFaults(sources)).toEqual([]);
  });

  it('have no cycles among their files', () => {
    expect(importCycles(sources)).toEqual([]);
  });

  it('let the client run in a browser: nothing it loads imports a node module', () => {
    const entries = sources
      .filter((source) => source.path.startsWith('src/client/'))
      .map((source) => source.path);
    const loaded = loadedBy(sources, entries);
    const nodeModules = loaded.flatMap((source) =>
      importsOf(source)
        .filter((one) => one.specifier.startsWith('node:') && !one.typeOnly)
        .map((one) => `${source.path}: ${one.specifier}`),
    );
    expect(nodeModules).toEqual([]);
  });
});

describe('the layering check', () => {
  it.each([
    ['src/core/order-book.ts', "import { RingBuffer } from '../ring/ring-buffer.js';"],
    ['src/core/order-book.ts', "import type { Slot } from '../wire/slot.js';"],
    ['src/base/bits.ts', "import { readFileSync } from 'node:fs';"],
    ['src/wire/sbe.ts', "export { BookLevel } from '../engine/business-logic.js';"],
    ['src/runtime/clock.ts', "import {\n  a,\n  b,\n} from '../node/topology.js';"],
    ['src/client/client.ts', "const ws = await import('ws');"],
    ['src/client/client.ts', "import '../gateway/session.js';"],
    ['src/gateway/session.ts', "import { JournalWriter } from '../../journal/journal-writer.js';"],
    ['journal/frame.ts', "import { NodeCounters } from '../src/runtime/counters.js';"],
    ['src/ring/ring-buffer.ts', "import { x } from '../wire/schema.js';"],
    ['src/client/client.ts', "import { x } from '../core/orders.js';"],
    ['src/ring/ring-buffer.ts', "import { x } from '../../test/support/x.js';"],
    ['replay/replayer.ts', "import { x } from '../bench/x.js';"],
    ['src/engine/engine.ts', "import lodash from 'lodash';"],
    ['src/replication/link.ts', "import { WebSocket } from 'ws';"],
    ['src/helpers/strings.ts', ''],
  ])('finds what is wrong in %s', (path, text) => {
    expect(layeringFaults(planted(path, text))).toHaveLength(1);
  });

  it('is not fooled by comments and strings', () => {
    const text = `// import { a } from '../ring/a.js';\n/* from '../node/b.js' */\nconst text = "x from '../cli/c.js'";`;
    expect(layeringFaults(planted('src/core/a.ts', text))).toEqual([]);
  });

  it('finds a cycle, but not one of types only', () => {
    const a = { path: 'src/core/a.ts', text: "import { b } from './b.js';" };
    const b = { path: 'src/core/b.ts', text: "import { c } from './c.js';" };
    const c = { path: 'src/core/c.ts', text: "import { a } from './a.js';" };
    const typesOnly = { path: 'src/core/c.ts', text: "import type { A } from './a.js';" };
    expect(importCycles([a, b, c])).toEqual([
      'src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts',
    ]);
    expect(importCycles([a, b, typesOnly])).toEqual([]);
  });
});
