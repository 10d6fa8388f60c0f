// A promise where none was asked for: its rejection must not end the process.

/** Handles the rejection of what a function of the user's has answered with, should it be a promise. */
export function silence(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => undefined);
}
