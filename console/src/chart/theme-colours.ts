import { useSyncExternalStore } from "react";

/** Colours by the names of their custom properties, as a canvas takes them. */
export type ColourOf = (name: string, alpha?: number) => string;

/** Reads colours as they are in the theme that `place` is shown in. */
export function coloursAt(place: HTMLElement): ColourOf {
  return (name, alpha = 1) => {
    const probe = document.createElement("span");
    probe.style.color = alpha === 1 ? `var(${name})` : `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`;
    place.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** Which theme is shown: another word whenever that changes. What is drawn on a canvas must be drawn again then. */
export function useShownTheme(): string {
  return useSyncExternalStore(
    subscribe,
    () => document.documentElement.dataset["theme"] ?? (DARK.matches ? "dark" : "light"),
  );
}

function subscribe(onChange: () => void): () => void {
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  DARK.addEventListener("change", onChange);
  return () => {
    observer.disconnect();
    DARK.removeEventListener("change", onChange);
  };
}
