// Full screen, also where a browser gives it to videos only, and what fingers do on a picture.

const SWIPE_PX = 60;

/** Fill the screen with an element, or give it back; on a telephone without full screen it fills the window. */
export async function fillScreen(element) {
  if (document.fullscreenElement) return void document.exitFullscreen();
  if (element.classList.contains("filled")) return giveBack(element);
  if (element.requestFullscreen) return void element.requestFullscreen();
  element.classList.add("filled");
  document.addEventListener("keydown", (event) => event.key === "Escape" && giveBack(element), { once: true });
}

export const isFilled = (element) => document.fullscreenElement === element || element.classList.contains("filled");

function giveBack(element) {
  element.classList.remove("filled");
  element.dispatchEvent(new Event("fullscreenchange"));
}

/** Call `swipe(-1 or 1)` for a finger that goes sideways, and `double(target)` for two clicks or taps. */
export function gestures(element, { swipe, double }) {
  let began = null;
  element.addEventListener("dblclick", ({ target }) => double(target));
  element.addEventListener("touchstart", ({ touches }) => {
    began = touches.length === 1 ? { x: touches[0].clientX, y: touches[0].clientY } : null;
  }, { passive: true });
  element.addEventListener("touchend", (event) => {
    if (!began || event.touches.length) return;
    const { clientX, clientY } = event.changedTouches[0];
    const [dx, dy] = [clientX - began.x, clientY - began.y];
    if (Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 2 * Math.abs(dy)) swipe(dx < 0 ? 1 : -1);
    began = null;
  });
}
