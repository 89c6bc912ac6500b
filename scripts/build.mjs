// Compiles the sources into dist/, puts each thread of a node into one file, and makes the command line executable.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const tsc = require.resolve('typescript/package.json').replace(/package\.json$/, 'bin/tsc');
const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (result.status !== 0) process.exit(result.status ?? 1);

// A thread that loads a hundred small files takes a processor for a quarter of a second, and a node starts seven threads.
const entries = ['src/node', 'journal'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('-worker.ts'))
    .map((name) => join(folder, name)),
);
for (const entry of entries) {
  const bundle = await rolldown({
    input: join(root, entry),
    platform: 'node',
    external: (id) => !/^[./]/.test(id),
    resolve: { extensionAlias: { '.js': ['.ts'] } },
  });
  const file = join(root, 'dist', entry.replace(/\.ts$/, '.js'));
  await bundle.write({ file, format: 'esm', codeSplitting: false, comments: false, sourcemap: true });
  await bundle.close();
}

chmodSync(new URL('../dist/src/cli/main.js', import.meta.url), 0o755);
