/** What a person chose: one of the two, or what the system says. */
export type Theme = "system" | "light" | "dark";

const KEY = "twinspan.theme";

/** What was chosen here before. */
export function storedTheme(): Theme {
  const word = localStorage.getItem(KEY);
  return word === "light" || word === "dark" ? word : "system";
}

/** Keeps a choice in this browser, and shows it. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme(theme);
}

/** Shows it. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
