import { pick, useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

/** Gives the editors the page's monospace fonts: GraphiQL names one of its own, without Chinese. */
export function EditorFont() {
  const editors = useGraphiQL(
    pick('queryEditor', 'variableEditor', 'headerEditor', 'responseEditor'),
  );
  useEffect(() => {
    const container = document.querySelector('.graphiql-container');
    const fontFamily = getComputedStyle(container).getPropertyValue('--font-family-mono').trim();
    for (const editor of Object.values(editors)) editor?.updateOptions({ fontFamily });
  }, Object.values(editors));
  return null;
}
