/** Types of the part of Lit 3 that the screens use (vendor/lit.js). */

export interface TemplateResult {
  readonly strings: TemplateStringsArray;
  readonly values: unknown[];
}

export declare const nothing: unique symbol;
export declare function html(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export declare function svg(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export declare function render(value: unknown, container: HTMLElement | DocumentFragment): unknown;

interface PropertyDeclaration {
  type?: unknown;
  attribute?: boolean | string;
  reflect?: boolean;
  state?: boolean;
  hasChanged?(value: unknown, old: unknown): boolean;
}

export declare class LitElement extends HTMLElement {
  static properties: Record<string, PropertyDeclaration>;
  readonly updateComplete: Promise<boolean>;
  readonly isConnected: boolean;
  protected createRenderRoot(): HTMLElement | DocumentFragment;
  connectedCallback(): void;
  disconnectedCallback(): void;
  requestUpdate(name?: PropertyKey, old?: unknown): void;
  protected performUpdate(): void;
  protected shouldUpdate(changed: Map<PropertyKey, unknown>): boolean;
  protected willUpdate(changed: Map<PropertyKey, unknown>): void;
  protected firstUpdated(changed: Map<PropertyKey, unknown>): void;
  protected updated(changed: Map<PropertyKey, unknown>): void;
  protected render(): unknown;
}

export declare function repeat<T>(
  items: Iterable<T>,
  key: (item: T, index: number) => unknown,
  template: (item: T, index: number) => unknown,
): unknown;
export declare function classMap(classes: Record<string, boolean>): unknown;
export declare function styleMap(styles: Record<string, string | number | undefined>): unknown;
export declare function keyed(key: unknown, value: unknown): unknown;
export declare function live(value: unknown): unknown;
