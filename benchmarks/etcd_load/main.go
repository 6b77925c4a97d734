// Puts into etcd with many in flight: for benchmarks/yardsticks.
//
//	etcd_load -endpoints 127.0.0.1:7821,127.0.0.1:7822 -in-flight 64 -seconds 3
//
// Keys and values are those of `meridian-bench -o put`: one of -keys keys at random, -value bytes.
// Prints one line of JSON: calls, seconds, and p50 and p99 in milliseconds.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"sort"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

func main() {
	endpoints := flag.String("endpoints", "", "host:port of each member, with commas")
	inFlight := flag.Int("in-flight", 64, "puts that wait for an answer at any moment")
	keys := flag.Int("keys", 100000, "how many keys there are")
	size := flag.Int("value", 100, "bytes of a value")
	seconds := flag.Float64("seconds", 3, "how long")
	flag.Parse()

	clients := connect(strings.Split(*endpoints, ","))
	value := strings.Repeat("x", *size)
	took := make([][]time.Duration, *inFlight)
	begun := time.Now()
	end := begun.Add(time.Duration(*seconds * float64(time.Second)))
	var callers sync.WaitGroup
	for i := range took {
		callers.Add(1)
		go func(i int) {
			defer callers.Done()
			draw := rand.New(rand.NewSource(int64(i)))
			for time.Now().Before(end) {
				sent := time.Now()
				key := fmt.Sprintf("bench/%08d", draw.Intn(*keys))
				if _, err := clients[i%len(clients)].Put(context.Background(), key, value); err != nil {
					log.Fatalf("etcd_load: %v", err)
				}
				took[i] = append(took[i], time.Since(sent))
			}
		}(i)
	}
	callers.Wait()
	report(took, time.Since(begun))
}

// One connection to each member, as a client of its own.
func connect(endpoints []string) []*clientv3.Client {
	var clients []*clientv3.Client
	for _, endpoint := range endpoints {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 5 * time.Second})
		if err != nil {
			log.Fatalf("etcd_load: %v", err)
		}
		clients = append(clients, client)
	}
	return clients
}

func report(took [][]time.Duration, seconds time.Duration) {
	var all []time.Duration
	for _, mine := range took {
		all = append(all, mine...)
	}
	if len(all) == 0 {
		log.Fatal("etcd_load: no put was answered")
	}
	sort.Slice(all, func(a, b int) bool { return all[a] < all[b] })
	at := func(percent int) float64 { return float64(all[len(all)*percent/100].Microseconds()) / 1e3 }
	fmt.Printf("{\"calls\": %d, \"seconds\": %.3f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
		len(all), seconds.Seconds(), at(50), at(99))
}
