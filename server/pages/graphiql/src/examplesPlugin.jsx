import { Button, pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';

/** A panel that lists the examples; a click opens one in a new tab. */
export function examplesPlugin(examples) {
  return {
    title: '示例 Examples',
    icon: ExamplesIcon,
    content: () => <Examples examples={examples} />,
  };
}

function Examples({ examples }) {
  const open = useOpenInNewTab();
  return (
    <section className="onegrid-examples" aria-label="示例 Examples">
      <h2>示例 Examples</h2>
      <p>{examples.length > 0 ? '点击在新标签页中打开 Click to open in a new tab' : '没有示例 No examples'}</p>
      <ul>
        {examples.map((example) => (
          <li key={example.name}>
            <Button type="button" onClick={() => open(example)}>
              {example.name}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useOpenInNewTab() {
  const { addTab, stop, updateActiveTabValues } = useGraphiQLActions();
  const { queryEditor, variableEditor, headerEditor } = useGraphiQL(
    pick('queryEditor', 'variableEditor', 'headerEditor'),
  );
  return ({ query, variables = '', headers = '' }) => {
    stop();
    addTab();
    updateActiveTabValues({ query, variables, headers });
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
    headerEditor?.setValue(headers);
  };
}

function ExamplesIcon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <path d="M4 5h16M4 12h16M4 19h10" strokeLinecap="round" />
      <path d="m17 16 5 3-5 3z" strokeLinejoin="round" />
    </svg>
  );
}
