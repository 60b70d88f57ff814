import DefaultTheme from 'vitepress/theme';
import { h, onMounted, ref } from 'vue';
import './style.css';

/** Draws a diagram. Mermaid is loaded only on pages that have one. */
const MermaidDiagram = {
  props: ['code'],
  setup({ code }) {
    const svg = ref('');
    onMounted(async () => {
      const { default: mermaid } = await import('mermaid');
      const theme = document.documentElement.classList.contains('dark') ? 'dark' : 'default';
      // Mermaid measures texts, so the fonts must be loaded before. A wide diagram scrolls: scaled down, it is illegible.
      await document.fonts.ready;
      const { fontFamily } = getComputedStyle(document.body);
      const natural = { useMaxWidth: false };
      mermaid.initialize({
        startOnLoad: false,
        securityLevel: 'strict',
        theme,
        fontFamily,
        flowchart: natural,
        sequence: natural,
        state: natural,
      });
      const id = `diagram-${Math.random().toString(36).slice(2)}`;
      svg.value = (await mermaid.render(id, decodeURIComponent(code))).svg;
    });
    return () => h('div', { class: 'mermaid', innerHTML: svg.value });
  },
};

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => app.component('MermaidDiagram', MermaidDiagram),
};
