// Pictures as plain pixels: drawn, made smaller, and written as files that any viewer opens.

/** A picture: three bytes (red, green, blue) for each pixel, row by row. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Draws a picture that a seed decides: rings of light over a gradient. */
export function draw(seed: number, width: number, height: number): Bitmap {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 3) {
      const ring = Math.sin(Math.hypot(x - width / 2, y - height / 2) / (5 + seed));
      pixels[at] = (255 * x) / width;
      pixels[at + 1] = (255 * y) / height;
      pixels[at + 2] = 127 + 127 * ring;
    }
  }
  return { width, height, pixels };
}

/** Makes a picture smaller by a whole factor: each pixel is the mean of a box of `factor` × `factor`. */
export function shrink({ width, height, pixels }: Bitmap, factor: number): Bitmap {
  const small = { width: Math.floor(width / factor), height: Math.floor(height / factor) };
  const result = new Uint8Array(small.width * small.height * 3);
  for (let y = 0, at = 0; y < small.height; y += 1) {
    for (let x = 0; x < small.width; x += 1) {
      for (let colour = 0; colour < 3; colour += 1, at += 1) {
        let sum = 0;
        for (let row = y * factor; row < (y + 1) * factor; row += 1) {
          const first = (row * width + x * factor) * 3 + colour;
          for (let box = 0; box < factor; box += 1) sum += pixels[first + box * 3] ?? 0;
        }
        result[at] = sum / (factor * factor);
      }
    }
  }
  return { ...small, pixels: result };
}

/** The picture as a PPM file: https://netpbm.sourceforge.net/doc/ppm.html */
export function toPpm({ width, height, pixels }: Bitmap): Uint8Array {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
}
