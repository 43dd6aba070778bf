// Looks again and again: no sooner than the server said, and not while nobody sees the page.

const PAUSE_S = 2;
const LONGEST_S = 30;

/**
 * Call `look(signal)` until it resolves to null; a number is how many seconds to wait. Errors are told to `failed`, and
 * wait longer each time, or as long as their Retry-After says. Gives a function that ends it.
 */
export function poll(look, failed = () => {}) {
  const ended = new AbortController();
  run(look, failed, ended.signal);
  return () => ended.abort();
}

async function run(look, failed, signal) {
  let pause = PAUSE_S;
  while (!signal.aborted) {
    let wait;
    try {
      wait = await look(signal);
      pause = PAUSE_S;
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      if (error.status === undefined || (error.status >= 400 && error.status < 429)) return;
      wait = error.retryAfter ?? (pause = Math.min(2 * pause, LONGEST_S));
    }
    if (wait === null || signal.aborted) return;
    await sleep(wait * 1000, signal);
    await seen(signal);
  }
}

export const pauseOf = (answer) => Math.max(answer.retryAfter ?? PAUSE_S, 1);

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** Until the page is on screen. */
function seen(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (!document.hidden || signal.aborted) {
        document.removeEventListener("visibilitychange", look);
        resolve();
      }
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });
}
