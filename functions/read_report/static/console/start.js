// Loads the console. A function may be throttled while a browser asks for many files at once: then it is tried again.
const TRIES = "rapor.tries";
const MOST_TRIES = 3;
const PAUSE_MS = 1500;

try {
  await import("./app.js");
  sessionStorage.removeItem(TRIES);
} catch (error) {
  console.error(error);
  const tries = Number(sessionStorage.getItem(TRIES)) + 1;
  sessionStorage.setItem(TRIES, String(tries));
  if (tries < MOST_TRIES) {
    setTimeout(() => location.reload(), PAUSE_MS * tries);
  } else {
    sessionStorage.removeItem(TRIES);
    document.getElementById("notices").textContent = "The console could not be loaded. Reload this page.";
  }
}
