<?php

namespace Shop;

class OutOfStock extends \RuntimeException
{
    public static function of(string $item): self { return new self("no $item left"); }
}

class Stock
{
    private array $items = [];

    public function isEmpty(): bool { return $this->items === []; }

    public function add(string $item, int $n): void
    {
        $this->items[$item] = ($this->items[$item] ?? 0) + $n;
    }

    public function take(string $item): int
    {
        if (($this->items[$item] ?? 0) < 1) {
            throw OutOfStock::of($item);
        }
        return --$this->items[$item];
    }
}
