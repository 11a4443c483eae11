// Parts of the browsers' interface that TypeScript's own declarations lack.

// Trusted types are not in every browser. As far as types go, what a policy makes is a string.
declare var trustedTypes: undefined | {
  createPolicy<Rules extends { createHTML(markup: string): string } | { createScriptURL(address: string): string }>(name: string, rules: Rules): Rules;
};
