import "./design/tokens.css";
import "./design/base.css";
import "./design/field.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { installByteArray } from "./api/byte-array.ts";
import { App } from "./app.tsx";
import { applyTheme, storedTheme } from "./shell/theme.ts";

installByteArray();
applyTheme(storedTheme());
const place = document.getElementById("console");
if (place === null) throw new Error("the page has no place for the console");
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
