/** Workers and processes run compiled code: an entry named from an uncompiled module is its counterpart in dist/. */
export function compiledEntry(entry: URL): URL {
  if (!import.meta.url.endsWith('.ts')) return entry;
  const root = new URL('../../', import.meta.url).href;
  if (!entry.href.startsWith(root) || entry.href.startsWith(`${root}dist/`)) return entry;
  return new URL(`${root}dist/${entry.href.slice(root.length).replace(/\.ts$/, '.js')}`);
}
