import { Icon } from '../components/widgets/Icon';
import { Link } from '../components/widgets/Link';

interface MessageProps {
  title: string;
  text?: string;
  onRetry?(): void;
}

/** A page that has nothing to show, and says why. */
export function Message({ title, text, onRetry }: MessageProps) {
  return (
    <main class="main whole">
      <div class="nothing">
        <h1 class="bold">{title}</h1>
        {text && <p>{text}</p>}
        <p>
          {onRetry && (
            <button type="button" class="btn" onClick={onRetry}>
              <Icon name="reset" />
              Try again
            </button>
          )}{' '}
          <Link class="link" href="/">
            All projects
          </Link>
        </p>
      </div>
    </main>
  );
}
