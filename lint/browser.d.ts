// Parts of the browsers' interface that TypeScript's own declarations lack.

// Trusted types are not in every browser. As far as types go, what a policy makes is a string.
declare var trustedTypes: undefined | {
  createPolicy(name: string, rules: { createHTML(markup: string): string }): { createHTML(markup: string): string };
};
