import type { ButtonHTMLAttributes } from "react";

/**
 * What makes a button do nothing, and say why to those who point at it, reach it by keys or listen. Undefined: nothing,
 * it does what it does.
 */
export function refusedAs(refusal: string | undefined): ButtonHTMLAttributes<HTMLButtonElement> {
  if (refusal === undefined) return {};
  return {
    "aria-disabled": true,
    "aria-description": refusal,
    title: refusal,
    onClick: (event) => event.preventDefault(),
  };
}
