// The handler of thumbnails-on-threads.ts. It runs in a thread: it may compute as long as it likes, and block nobody.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Handler, Message } from "millrace";
import { draw, shrink, toPpm } from "./bitmap.js";

/** What a message asks for. */
export interface Order {
  readonly picture: number;
  readonly width: number;
  readonly height: number;
  /** How many times smaller. */
  readonly factor: number;
  readonly folder: string;
}

const makeThumbnail: Handler<Message> = async ({ Body = "" }, { attempt, signal }) => {
  const { picture, width, height, factor, folder } = JSON.parse(Body) as Order;
  if (attempt === 1 && picture === 5) throw new RangeError("picture 5 cannot be read"); // It comes again.
  const thumbnail = shrink(draw(picture, width, height), factor);
  // Picture 7 is one that a decoder chokes on: it never comes back, and no signal reaches what computes.
  while (picture === 7);
  await writeFile(join(folder, `${picture}.ppm`), toPpm(thumbnail), { signal });
};

export default makeThumbnail;
