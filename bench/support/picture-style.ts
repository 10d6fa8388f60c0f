// The style that the drawn pictures of the docs have in common, for light and dark pages.

/** What fills, or draws, the elements of a class. */
export interface Paint {
  readonly className: string;
  readonly light: string;
  readonly dark: string;
  /** Whether it is a line instead of an area. */
  readonly isLine?: boolean;
}

/** A style sheet with what every picture has, and these. */
export function styleWith(paints: readonly Paint[]): string {
  const rules = paints.map(({ className, light, isLine = false }) =>
    isLine ? `.${className} { fill: none; stroke: ${light}; stroke-width: 2; }` : `.${className} { fill: ${light}; }`,
  );
  const darkRules = paints.map(
    ({ className, dark, isLine = false }) => `  .${className} { ${isLine ? "stroke" : "fill"}: ${dark}; }`,
  );
  const lines = [
    ".panel { fill: #ffffff; stroke: #d0d7de; }",
    ...rules,
    ".line { fill: none; stroke: #57606a; stroke-width: 1.5; }",
    ".thin { fill: none; stroke: #8c959f; stroke-width: 1; stroke-dasharray: 4 4; }",
    'text { font-family: -apple-system, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; font-size: 13px; fill: #24292f; }',
    ".name { font-size: 15px; font-weight: 600; }",
    ".small { font-size: 12px; fill: #57606a; }",
    "@media (prefers-color-scheme: dark) {",
    "  .panel { fill: #0d1117; stroke: #30363d; }",
    ...darkRules,
    "  .line { stroke: #8b949e; }",
    "  .thin { stroke: #6e7681; }",
    "  text { fill: #e6edf3; }",
    "  .small { fill: #9ea7b3; }",
    "}",
  ];
  return ["", ...lines.map((line) => `    ${line}`), "  "].join("\n");
}
