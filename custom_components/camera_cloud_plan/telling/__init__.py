"""What people are told, where and when: of coming charges, and of what happened to their plans."""
