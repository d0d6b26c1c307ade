"""Chuancai 传菜: the moment a dish is ready, somebody knows."""
