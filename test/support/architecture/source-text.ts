/** Reads sources for the architecture tests: their text without comments, and what they import. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** One file of the project; paths are relative to the project root, with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** The module as it is written. */
  readonly specifier: string;
  /** Path of the imported project file with its .ts ending, or undefined for packages and node modules. */
  readonly path: string | undefined;
  readonly typeOnly: boolean;
}

/** All TypeScript files under the given folders. */
export function readSources(...folders: string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => {
        const path = `${folder}/${name}`;
        return { path, text: readFileSync(join(ROOT, path), 'utf8') };
      }),
  );
}

/** What a source imports or exports again, statically or dynamically. */
export function importsOf(source: Source): Import[] {
  const code = withoutComments(source.text, true);
  const statements =
    /\b(import|export)\s+(type\s+)?(?:[\w*\s{},$]*?\bfrom\s*)?'([^']+)'|\bimport\s*\(\s*'([^']+)'|\brequire\s*\(\s*'([^']+)'/g;
  return [...code.matchAll(statements)].map((match) => {
    const specifier = (match[3] ?? match[4] ?? match[5])!;
    const path = specifier.startsWith('.')
      ? normalize(join(dirname(source.path), specifier)).replace(/\.js$/, '.ts')
      : undefined;
    return { specifier, path, typeOnly: match[2] !== undefined };
  });
}

/** The text without its comments and, unless kept, without what is inside its string literals. */
export function withoutComments(text: string, keepStrings: boolean): string {
  let out = '';
  /** For each open template literal the depth of braces at which its `${` was opened. */
  const templates: number[] = [];
  let depth = 0;
  let i = 0;
  const take = (count: number): void => {
    out += text.slice(i, i + count);
    i += count;
  };
  const skipTo = (end: number): void => {
    const skipped = text.slice(i, end);
    out += keepStrings ? skipped : skipped.replace(/[^\n]/g, '');
    i = end;
  };
  const template = (): void => {
    let end = i;
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end))
      end += text[end] === '\\' ? 2 : 1;
    skipTo(end);
    if (text[i] === '`') take(1);
    else {
      take(2);
      templates.push(depth++);
    }
  };
  while (i < text.length) {
    const char = text[i]!;
    if (text.startsWith('//', i)) {
      const end = text.indexOf('\n', i);
      i = end < 0 ? text.length : end;
    } else if (text.startsWith('/*', i)) {
      const end = text.indexOf('*/', i + 2) + 2;
      out += text.slice(i, end).replace(/[^\n]/g, '');
      i = end;
    } else if (
      char === "'" ||
      char === '"' ||
      (char === '/' && /(^|[(,=:[!&|?{};\n])\s*$/.test(out.slice(-80)))
    ) {
      take(1);
      let end = i;
      let inClass = false;
      while (text[end] !== char || inClass) {
        if (char === '/' && text[end] === '[') inClass = true;
        if (char === '/' && text[end] === ']') inClass = false;
        end += text[end] === '\\' ? 2 : 1;
        if (end >= text.length) break;
      }
      skipTo(end);
      take(1);
    } else if (char === '`') {
      take(1);
      template();
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      take(1);
      depth = templates.pop()!;
      template();
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      take(1);
    }
  }
  return out;
}

/** Number of the line on which `offset` lies. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
