// Numbers and bars as text.

const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** 20000 as "20,000". */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A filled part, and the rest of it. */
export function splitBar(share: number, width: number): readonly [filled: string, rest: string] {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return ["█".repeat(filled), "░".repeat(width - filled)];
}

/** The last values as a row of columns, each as high as its share of `highest`. Nothing is a gap. */
export function drawColumns(values: readonly number[], highest: number, width: number): string {
  const columns = values.slice(-width).map((value) => {
    if (value <= 0) return " ";
    return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor((value / highest) * BLOCKS.length))] ?? " ";
  });
  return columns.join("").padEnd(width);
}
