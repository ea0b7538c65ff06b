import 'graphiql/setup-workers/vite';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { EditorFont } from './EditorFont.jsx';
import { fetchExamples } from './examples.js';
import { examplesPlugin } from './examplesPlugin.jsx';
import { fetcher } from './fetcher.js';
import { opening } from './opening.js';
import './style.css';

const examples = await fetchExamples();
const plugins = [HISTORY_PLUGIN, explorerPlugin(), examplesPlugin(examples)];

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
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
  </GraphiQL>,
);
