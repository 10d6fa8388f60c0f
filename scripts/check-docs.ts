// Holds the written docs to the code: every ```ts block compiles, every link inside the repository leads somewhere,
// docs/errors.md has a heading for each error code, and each option, event and fact of a context has its comment.
//
// A block is compiled as a module of its own, against the sources. An HTML comment in front of it may say
//
//   <!-- snippet: skip REASON -->     do not compile this block
//   <!-- snippet: given CODE -->      compile it with CODE (one line or several) in front, which readers do not see
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

const SNIPPETS = resolve(".cache/snippets");
const API = resolve("docs/api");
const ERRORS_PAGE = "docs/errors.md";

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly code: string;
}

interface Page {
  readonly path: string;
  readonly lines: readonly string[];
  /** The lines again, emptied where they belong to a code block. */
  readonly prose: readonly string[];
}

function readPages(): Page[] {
  const inFolder = (folder: string): string[] =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))
      : [];
  const paths = [...readdirSync("."), ...["docs", "examples", "bench"].flatMap(inFolder)];
  return paths
    .filter((path) => path.endsWith(".md") && !path.includes("node_modules") && !resolve(path).startsWith(API))
    .map((path) => {
      const lines = readFileSync(path, "utf8").split(/\r?\n/);
      return { path, lines, prose: withoutCode(lines) };
    });
}

function withoutCode(lines: readonly string[]): string[] {
  let fence: string | undefined;
  return lines.map((line) => {
    const [, mark] = /^\s*(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence === undefined) return line.replace(/`[^`]*`/g, (code) => code.replaceAll(/[[\]]/g, " "));
    else if (mark?.startsWith(fence) === true) fence = undefined;
    return "";
  });
}

// Snippets

/** The snippets of a page. Each keeps the line numbers of the page, so that an error names the right line. */
function snippetsOf({ path, lines }: Page): Snippet[] {
  const text = lines.join("\n");
  const block =
    /(?:^[ \t]*<!-- snippet: (skip|given)\s([\s\S]*?)-->\s*)?^([ \t]*)```(?:ts|typescript)\b[^\n]*\n([\s\S]*?)^[ \t]*```/gm;
  return [...text.matchAll(block)]
    .filter(([, order]) => order !== "skip")
    .map((match) => {
      const [whole, , given = "", indent = "", code = ""] = match;
      const before = text.slice(0, match.index);
      const gap = whole.slice(whole.indexOf(given) + given.length, whole.lastIndexOf(code));
      const lead = whole.slice(0, whole.indexOf(given));
      const body = code.replaceAll(new RegExp(`^${indent}`, "gm"), "");
      return {
        page: path,
        line: (before + whole.slice(0, whole.lastIndexOf(code))).split("\n").length,
        code: `${newlinesOf(before + lead)}${given}${newlinesOf(gap)}${body}\nexport {};\n`,
      };
    });
}

function newlinesOf(text: string): string {
  return "\n".repeat(text.split("\n").length - 1);
}

function compile(snippets: readonly Snippet[]): string[] {
  rmSync(SNIPPETS, { recursive: true, force: true });
  mkdirSync(SNIPPETS, { recursive: true });
  const pageOfFile = new Map<string, string>();
  for (const { page, line, code } of snippets) {
    const file = join(SNIPPETS, `${page.replaceAll(/[\\/]/g, "-")}-${line}.ts`);
    writeFileSync(file, code);
    pageOfFile.set(file, page);
  }
  const program = ts.createProgram([...pageOfFile.keys()], compilerOptions());
  const place = (file: ts.SourceFile, start: number): string => {
    const { line, character } = file.getLineAndCharacterOfPosition(start);
    return `${pageOfFile.get(resolve(file.fileName)) ?? relative(".", file.fileName)}:${line + 1}:${character + 1}`;
  };
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, "\n  ");
    return file === undefined ? text : `${place(file, start ?? 0)}: ${text}`;
  });
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile("tsconfig.json", (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve("."));
  return {
    ...options,
    declaration: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
}

// Links

/** The anchor that GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

function anchorsOf({ lines, prose }: Page): Set<string> {
  const anchors = new Set<string>();
  prose.forEach((line, index) => {
    for (const [, id = ""] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    if (!/^#{1,6}\s/.test(line)) return;
    const anchor = anchorOf((lines[index] ?? "").replace(/^#+\s/, ""));
    let candidate = anchor;
    for (let count = 1; anchors.has(candidate); count += 1) candidate = `${anchor}-${count}`;
    anchors.add(candidate);
  });
  return anchors;
}

function brokenLinks(pages: readonly Page[]): string[] {
  const anchors = new Map(pages.map((page) => [resolve(page.path), anchorsOf(page)]));
  return pages.flatMap(({ path, prose }) =>
    prose.flatMap((line, index) =>
      [...line.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/g)]
        .map(([, inline, reference]) => inline ?? reference ?? "")
        .filter((target) => !leadsSomewhere(path, target, anchors))
        .map((target) => `${path}:${index + 1}: the link to ${target} leads nowhere`),
    ),
  );
}

function leadsSomewhere(from: string, target: string, anchors: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return true;
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? resolve(from) : resolve(dirname(from), decodeURIComponent(file));
  if (!existsSync(path)) return false;
  return anchor === undefined || anchor === "" || (anchors.get(path)?.has(anchor) ?? true);
}

// Error codes

/** The members of the union type `ErrorCode`, wherever in src/ it stands. */
function errorCodes(sources: readonly ts.SourceFile[]): string[] {
  const codes: string[] = [];
  const collect = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) codes.push(node.text);
    else ts.forEachChild(node, collect);
  };
  sources
    .flatMap(({ statements }) => [...statements])
    .filter(ts.isTypeAliasDeclaration)
    .filter(({ name }) => name.text === "ErrorCode")
    .forEach(({ type }) => collect(type));
  return codes;
}

function undocumentedCodes(pages: readonly Page[], sources: readonly ts.SourceFile[]): string[] {
  const page = pages.find(({ path }) => resolve(path) === resolve(ERRORS_PAGE));
  if (page === undefined) {
    console.log(`${ERRORS_PAGE} does not exist yet: error codes are not checked`);
    return [];
  }
  const codes = errorCodes(sources);
  if (codes.length === 0) return ["src/ has no union type ErrorCode to hold docs/errors.md against"];
  const headings = page.lines
    .filter((_, index) => /^#{1,6}\s/.test(page.prose[index] ?? ""))
    .flatMap((line) => line.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []);
  return [
    ...codes.filter((code) => !headings.includes(code)).map((code) => `${ERRORS_PAGE}: no heading for ${code}`),
    ...headings
      .filter((heading) => heading.includes("_") && !codes.includes(heading))
      .map((heading) => `${ERRORS_PAGE}: ${heading} is not an error code`),
  ];
}

// Options, events, contexts

function readSources(): ts.SourceFile[] {
  return readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("src", name))
    .map((file) => ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true));
}

/** What the doors of the package list by name. */
function publicNames(sources: readonly ts.SourceFile[]): Set<string> {
  const names = sources
    .filter(({ fileName }) => /^src[\\/](testing[\\/])?index\.ts$/.test(fileName))
    .flatMap(({ statements }) => statements.filter(ts.isExportDeclaration))
    .map(({ exportClause }) => exportClause)
    .filter((clause) => clause !== undefined && ts.isNamedExports(clause))
    .flatMap(({ elements }) => elements.map(({ name, propertyName }) => (propertyName ?? name).text));
  return new Set(names);
}

/** Members without a comment, of public interfaces whose members users write or read by name. */
function undocumentedMembers(sources: readonly ts.SourceFile[]): string[] {
  const names = publicNames(sources);
  return sources.flatMap((source) =>
    source.statements
      .filter(ts.isInterfaceDeclaration)
      .filter(({ name }) => names.has(name.text) && /(Options|Events|Context)$/.test(name.text))
      .flatMap(({ name, members }) =>
        members
          .filter((member) => ts.getJSDocCommentsAndTags(member).length === 0)
          .map((member) => `${source.fileName}: ${name.text}.${member.name?.getText() ?? "?"} has no comment`),
      ),
  );
}

const pages = readPages();
const sources = readSources();
const snippets = pages.flatMap(snippetsOf);
const complaints = [
  ...compile(snippets),
  ...brokenLinks(pages),
  ...undocumentedCodes(pages, sources),
  ...undocumentedMembers(sources),
];

for (const text of complaints) console.error(text);
console.log(`docs: ${pages.length} pages, ${snippets.length} snippets compiled, ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
