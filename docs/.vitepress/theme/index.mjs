import DefaultTheme from 'vitepress/theme';
import { h, onMounted, ref } from 'vue';
import './style.css';

/** The smallest scale of a diagram. */
const SMALLEST = 0.65;

/** Draws a diagram. Mermaid is loaded only on pages that have one. */
const MermaidDiagram = {
  props: ['code'],
  setup({ code }) {
    const svg = ref('');
    onMounted(async () => {
      const { default: mermaid } = await import('mermaid');
      const theme = document.documentElement.classList.contains('dark') ? 'dark' : 'default';
      // Mermaid measures texts, so the fonts must be loaded before.
      await document.fonts.ready;
      const { fontFamily } = getComputedStyle(document.body);
      mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme, fontFamily });
      const id = `diagram-${Math.random().toString(36).slice(2)}`;
      const drawn = await mermaid.render(id, decodeURIComponent(code));
      // Below this size, texts are hard to read. The diagram then scrolls.
      svg.value = drawn.svg.replace(
        /max-width: ([\d.]+)px/,
        (max, width) => `${max}; min-width: ${SMALLEST * width}px`,
      );
    });
    return () => h('div', { class: 'mermaid', innerHTML: svg.value });
  },
};

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => app.component('MermaidDiagram', MermaidDiagram),
};
