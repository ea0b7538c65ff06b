import 'graphiql/setup-workers/vite';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { EditorFont } from './EditorFont.jsx';
import { fetchExamples } from './examples.js';
import { examplesPlugin } from './examplesPlugin.jsx';
import { createFetcher } from './fetcher.js';
import { opening } from './opening.js';
import { fetchPersonas } from './personas.js';
import { Session } from './session.js';
import { SessionBar } from './SessionBar.jsx';
import './style.css';

const [examples, personas] = await Promise.all([fetchExamples(), fetchPersonas()]);
const plugins = [HISTORY_PLUGIN, explorerPlugin(), examplesPlugin(examples)];
const session = new Session(personas);

createRoot(document.getElementById('graphiql')).render(
  <>
    {personas && <SessionBar session={session} />}
    <GraphiQL
      fetcher={createFetcher(session)}
      plugins={plugins}
      defaultEditorToolsVisibility
      // Headers carry tokens: keep them out of local storage.
      shouldPersistHeaders={false}
      {...opening(examples)}
    >
      <GraphiQL.Logo>
        <a className="graphiql-logo-link" href="/">
          一张网 OneGrid
        </a>
      </GraphiQL.Logo>
      <EditorFont />
    </GraphiQL>
  </>,
);
