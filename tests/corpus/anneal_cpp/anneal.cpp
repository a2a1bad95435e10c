// Simulated annealing of a tour; the generator is written out with the operators it has.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iomanip>
#include <numeric>
#include <random>
#include <vector>

int main() {
    const int cities = 9, moves = 300, every = 100;
    std::mt19937 random(5);
    std::vector<int> tour(cities);
    std::iota(tour.begin(), tour.end(), 0);
    int done = 0, accepted = 0;
    double temperature = 10.0;
    if (std::ifstream in("state.txt"); in) {
        in >> done >> accepted >> temperature >> random;
        for (int &city : tour) in >> city;
        if (!in) return 1;
    }
    auto length = [&] {
        double sum = 0;
        for (int i = 0; i < cities; i++) {
            int a = tour[i], b = tour[(i + 1) % cities];
            sum += std::hypot(a * 7 % 11 - b * 7 % 11, a * 5 % 13 - b * 5 % 13);
        }
        return sum;
    };
    while (done < moves) {
        int i = random() % cities, j = random() % cities;
        double before = length();
        std::swap(tour[i], tour[j]);
        double worse = length() - before;
        if (worse <= 0 || random() / 4294967296.0 < std::exp(-worse / temperature)) accepted++;
        else std::swap(tour[i], tour[j]);
        temperature *= 0.99;
        if (++done % every == 0 && done < moves) {
            { std::ofstream out("state.new");
              out << done << ' ' << accepted << ' ' << std::setprecision(17) << temperature << '\n' << random << '\n';
              for (int city : tour) out << city << ' '; }
            std::rename("state.new", "state.txt");
            return 85;
        }
    }
    std::ofstream out("tour.txt");
    out << "length " << length() << " accepted " << accepted << '\n';
    for (int city : tour) out << city << '\n';
}
