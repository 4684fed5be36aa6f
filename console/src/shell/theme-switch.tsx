import { useState } from "react";
import { Button } from "../components/button.tsx";
import { chooseTheme, storedTheme, type Theme } from "./theme.ts";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const LABELS: Readonly<Record<Theme, string>> = {
  system: "Theme: as the system",
  light: "Theme: light",
  dark: "Theme: dark",
};
const ICONS = { system: "system", light: "sun", dark: "moon" } as const;

/** Goes through the themes. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  return (
    <Button
      look="bare"
      icon={ICONS[theme]}
      label={LABELS[theme]}
      onClick={() => {
        chooseTheme(NEXT[theme]);
        setTheme(NEXT[theme]);
      }}
    />
  );
}
