"""The on-call rota: who is on call, by layer, with handovers, swaps and absences.

- `actions`: change layers, swaps and absences; who may
- `queries`: the stored rota, and who is on call
- `rota`: who is on call at an instant; pure
- `events`: events of layers, swaps and absences
- `models`: layers, members, swaps, absences
"""
