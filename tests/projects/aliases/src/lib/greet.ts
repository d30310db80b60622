export interface Greeting {
  text: string;
  loud?: boolean;
}
export const greet = (name: string): Greeting => ({ text: `hello ${name}` });
