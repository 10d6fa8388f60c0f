// Draws a picture of a report: the same report, the same picture.
import { drawDots } from "./draw-dots.js";
import { drawLines } from "./draw-lines.js";
import { drawPoints } from "./draw-points.js";
import type { Picture, Report } from "./report.js";

const DRAWERS = { dots: drawDots, lines: drawLines, points: drawPoints } as const;

/** An SVG in the style of the other pictures of the docs. */
export function draw(picture: Picture, report: Report): string {
  return DRAWERS[picture.kind](picture, report);
}
