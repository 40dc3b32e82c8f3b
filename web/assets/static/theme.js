// The theme: the system's or the one chosen here, set before anything is drawn.
{
  const KEY = "theme";
  const THEMES = ["system", "dark", "light"];
  const SIGNS = { system: "◐", dark: "●", light: "○" };
  const light = matchMedia("(prefers-color-scheme: light)");
  const button = document.createElement("button");
  let chosen = THEMES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system";

  const show = () => {
    document.documentElement.dataset.theme = chosen === "system" ? (light.matches ? "light" : "dark") : chosen;
    button.textContent = SIGNS[chosen];
    button.title = chosen === "system" ? "Theme: as the system" : `Theme: ${chosen}`;
    button.setAttribute("aria-label", button.title);
  };

  button.type = "button";
  button.className = "theme";
  button.addEventListener("click", () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    localStorage.setItem(KEY, chosen);
    show();
  });
  light.addEventListener("change", show);
  show();
  document.addEventListener("DOMContentLoaded", () => document.querySelector("header")?.append(button));
}
