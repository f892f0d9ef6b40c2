"""The on-call rota: who answers when nobody is at the desk, by layer, with handovers, swaps and absences."""
